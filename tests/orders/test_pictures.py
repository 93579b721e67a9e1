from xml.etree import ElementTree

import pytest
from django.conf import settings
from django.template.loader import render_to_string

FOLDER = settings.BASE_DIR / "templates/orders/pictures"
PICTURES = sorted(path.name for path in FOLDER.glob("[!_]*.svg"))
COLOURED = ("fill", "stroke", "stop-color")


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("material", ["", "painted"])
def test_a_picture_is_whole_when_no_choice_has_a_colour(name, material):
    context = {"picked": {"material": material}, "hue": {}, "engraving": ""}
    drawn = render_to_string(f"orders/pictures/{name}", context)
    svg = ElementTree.fromstring(drawn)  # noqa: S314 - our own drawing
    colours = [part.attrib[key] for part in svg.iter() for key in COLOURED if key in part.attrib]
    assert len(colours) > 10
    assert "" not in colours


def test_a_plain_picture_takes_the_colour_of_the_material_where_there_is_no_other():
    def drawn(**hue):
        return render_to_string("orders/pictures/plain.svg", {"hue": hue})

    assert 'fill="#123456"' in drawn(material="#123456")
    assert 'fill="#654321"' in drawn(material="#123456", colour="#654321")
