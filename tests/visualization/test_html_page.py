import base64

import pytest
from jinja2 import UndefinedError

from lidnet_mm.visualization.html_page import data_uri, template_environment


def test_values_are_escaped_and_missing_ones_are_errors():
    template = template_environment("lidnet_mm.benchmark").from_string("<b>{{ name }}</b>")
    assert template.render(name="<&>") == "<b>&lt;&amp;&gt;</b>"
    with pytest.raises(UndefinedError, match="name"):
        template.render()


def test_a_picture_becomes_its_address():
    kind, _, text = data_uri(b"\x89PNG\r\n").partition(",")
    assert (kind, base64.b64decode(text)) == ("data:image/png;base64", b"\x89PNG\r\n")
