"""The table of speeds is whole, and its two paths compute the same thing."""

import json

from lenet5.bench import run_bench, table


def test_the_table_is_whole_and_the_two_paths_agree(random_samples):
    result = run_bench(random_samples, rounds=1, length=1, compiled=False)
    ways = [line["way"] for line in result["timings"]]
    assert "PyTorch, batch 1" in ways
    assert {"engine, batch 1", "engine, batch 1, a seed a core", "engine, forward only"} <= {*ways}
    assert {"PyTorch, minibatch 64", "PyTorch, minibatch 256"} <= {*ways}
    assert all(len(line["microseconds"]) == 1 for line in result["timings"])
    assert all(time > 0 for line in result["timings"] for time in line["microseconds"])
    assert result["skipped"] == {"torch.compile, batch 1": "not asked for"}
    assert 0 < result["difference_after_200_updates"] < 1e-4
    assert 1.6 < result["mflop_a_sample"] < 1.8
    assert json.loads(json.dumps(result)) == result

    text = table(result)
    assert all(way in text for way in ways)
    assert "1.0x" in text.splitlines()[1]
    assert "left out: not asked for" in text
    assert "sgemm" in text
