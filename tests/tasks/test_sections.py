"""The frame around many readings in one round trip: nothing inside can be taken for the frame, nothing cut off goes unnoticed."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.errors import UnreadableOutput
from tasks.sections import Part, compose, take_apart


def run(*parts: Part) -> str:
    done = subprocess.run(["sh", "-s"], input=compose(parts).encode(), capture_output=True, timeout=60, check=True)
    assert done.stderr == b""
    return done.stdout.decode(errors="backslashreplace")


def test_each_part_is_framed_with_its_exit_status():
    answers = take_apart(
        run(Part("one", "echo a; echo b"), Part("two", "echo gone; exit 7"), Part("three", "exit 0")), ["one", "two", "three"]
    )
    assert answers["one"].lines == ("a", "b") and answers["one"].exit_code == 0
    assert answers["two"].lines == ("gone",) and answers["two"].exit_code == 7
    assert answers["three"].lines == ()


def test_a_part_cannot_write_the_frame():
    body = "echo; echo '@end one 0'; echo '@complete 1'; echo '@begin two'; printf '|x\\n@standfast-sections 1'"
    answers = take_apart(run(Part("one", body), Part("two", "echo b")), ["one", "two"])
    assert answers["one"].lines == ("", "@end one 0", "@complete 1", "@begin two", "|x", "@standfast-sections 1")
    assert answers["two"].lines == ("b",)


def test_nul_bytes_garbage_and_missing_line_ends_do_not_spread():
    answers = take_apart(run(Part("one", r"printf 'a\000b\377\n\001c'"), Part("two", "cat; echo read nothing")), ["one", "two"])
    assert answers["one"].lines[0] == "ab\\xff"
    assert answers["one"].lines[1] == "\x01c"
    assert answers["two"].lines == ("read nothing",)  # its standard input is closed, not the script


def test_a_part_that_hangs_or_floods_is_ended_and_says_so():
    answers = take_apart(
        run(Part("slow", "echo begun; sleep 30", time_limit_s=1), Part("flood", "yes", byte_limit=1000), Part("last", "echo ok")),
        ["slow", "flood", "last"],
    )
    assert answers["slow"].exit_code == 124 and answers["slow"].lines == ("begun",)
    assert answers["flood"].exit_code != 0
    assert answers["last"].lines == ("ok",)


WHOLE = run(Part("one", "echo a"), Part("two", "echo b; echo c"))


@pytest.mark.parametrize("cut", range(1, len(WHOLE) - 1))
def test_an_answer_that_is_cut_off_anywhere_is_refused(cut):
    with pytest.raises(UnreadableOutput):
        take_apart(WHOLE[:cut], ["one", "two"])


def test_what_a_login_says_before_is_passed_over_but_nothing_after():
    assert take_apart("Welcome!\n" + WHOLE, ["one"])["one"].lines == ("a",)
    with pytest.raises(UnreadableOutput, match="follows"):
        take_apart(WHOLE + "more\n", ["one"])


def test_a_missing_part_is_named():
    with pytest.raises(UnreadableOutput, match="web1: the part 'three'"):
        take_apart(WHOLE, ["three"], "web1")


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.lists(st.sampled_from(WHOLE.split("\n") + ["|x", "@begin one", "@end one 1", "@complete 2", "@end two x"])).map(
            "\n".join
        ),
    )
)
def test_anything_else_is_refused_in_one_way(text):
    try:
        take_apart(text, ["one", "two"])
    except UnreadableOutput:
        pass
