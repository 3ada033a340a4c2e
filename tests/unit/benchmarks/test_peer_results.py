from __future__ import annotations

from pathlib import Path

from benchmarks import page, peer_results
from benchmarks.peer_results import Answering, Peer, PeerResults
from benchmarks.peers import locked_version

QUICK = Peer("quick 1.2", (Answering(1, 1500.4, 0.5, 1.25), Answering(8, 3000, 2, 4)))
SLOW = Peer("slow 3.4", (Answering(1, 150, 5, 12), Answering(8, 300, 20, 40)))
NONE = Peer("none 5.6", why="pip says no")
SOME = PeerResults({"cores": "2"}, [SLOW, QUICK, NONE])


def test_results_are_read_as_they_were_written(tmp_path: Path) -> None:
    peer_results.write(SOME, tmp_path / "some.json")
    assert peer_results.read(tmp_path / "some.json") == SOME


def test_the_fastest_comes_first_and_who_is_missing_says_why() -> None:
    heading, _, first, second, *rest = peer_results.markdown(SOME).splitlines()
    assert heading.startswith(
        "| server | requests/s, 1 client | p50 ms, 1 client | p99 ms, 1 client | requests/s, 8 cl"
    )
    assert first == "| quick 1.2 | 1,500 | 0.50 | 1.25 | 3,000 | 2.00 | 4.00 |"
    assert second.startswith("| slow 3.4 |")
    assert "Not measured: none 5.6: pip says no." in rest
    assert "Measured with: cores 2." in rest


def test_only_the_peers_part_of_the_page_changes() -> None:
    begin = "<!-- made from benchmarks/results/peers.json by `make bench-peers` -->\n"
    before = f"head\n<!-- end -->\n{begin}old\n<!-- end -->\ntail\n"
    after = page.with_peers(before, SOME)
    assert after == f"head\n<!-- end -->\n{begin}\n{peer_results.markdown(SOME)}\n<!-- end -->\ntail\n"


def test_a_server_is_named_with_the_version_that_its_lock_pins() -> None:
    assert locked_version("other==1\npeer==1.4.40 \\\n    --hash=sha256:ab\npeer-more==2\n", "peer") == "1.4.40"
