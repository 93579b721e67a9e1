
import django.core.serializers.json
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('config', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ImportRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('uploaded', 'Waiting for the check'), ('checking', 'Checking'), ('checked', 'Checked'), ('queued', 'Waiting for the import'), ('running', 'Being imported'), ('done', 'Imported'), ('failed', 'Failed'), ('cancelled', 'Stopped')], default='uploaded', max_length=10)),
                ('ticket', models.UUIDField(unique=True)),
                ('name', models.CharField(max_length=100)),
                ('size', models.BigIntegerField()),
                ('digest', models.CharField(max_length=64)),
                ('kept', models.BooleanField(default=True)),
                ('sheet', models.CharField(blank=True, max_length=100)),
                ('encoding', models.CharField(blank=True, max_length=40)),
                ('origin', models.CharField(blank=True, choices=[('', 'None yet'), ('shipped', 'Known layout'), ('uploaded', 'Uploaded'), ('guessed', 'Guessed'), ('adjusted', 'Set by hand')], default='', max_length=10)),
                ('mapping', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('open_since', models.DateField(blank=True, null=True)),
                ('reading', models.JSONField(default=dict)),
                ('counts', models.JSONField(default=dict)),
                ('before', models.JSONField(default=dict)),
                ('notes', models.JSONField(default=list)),
                ('step', models.CharField(blank=True, max_length=20)),
                ('lines_done', models.PositiveIntegerField(default=0)),
                ('lines_total', models.PositiveIntegerField(default=0)),
                ('requested_by', models.CharField(max_length=80)),
                ('requested_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('lease_until', models.DateTimeField()),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
            ],
            options={
                'ordering': ['-requested_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('status__in', ('uploaded', 'checking', 'queued', 'running'))), fields=['lease_until'], name='import_abandoned')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('status', 'running')), fields=('status',), name='import_one_at_a_time')],
            },
        ),
    ]
