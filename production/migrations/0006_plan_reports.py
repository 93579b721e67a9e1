from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('production', '0005_sheets'),
    ]

    operations = [
        migrations.AddField(
            model_name='plan',
            name='report',
            field=models.JSONField(default=dict),
        ),
    ]
