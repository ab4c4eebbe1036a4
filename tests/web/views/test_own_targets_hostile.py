"""While a stranger's template turns in circles, and after it was ended, the server answers."""

from threading import Thread

import pytest

from app.domain.targets.families import Family
from app.services import sandboxed
from app.services.sandboxed import Stopped

ENDLESS = "{% for a in range(99999) %}" * 3 + "{% endfor %}" * 3


def test_the_server_answers_while_a_template_does_not_end_and_afterwards(client):
    ended: list[Stopped] = []

    def turn() -> None:
        with pytest.raises(Stopped) as stopped:
            sandboxed.render(Family("mine", "Mine", "", ENDLESS), [])
        ended.append(stopped.value)

    sandboxed.render(Family("mine", "Mine", "", ""), [])
    thread = Thread(target=turn)
    thread.start()
    answered = 0
    while thread.is_alive():
        assert client.get("/").status_code == 200
        answered += 1
    thread.join()
    assert answered > 3
    assert ended
    assert client.get("/").status_code == 200
    sandboxed.close()
