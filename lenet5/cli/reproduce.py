"""`python -m lenet5 reproduce`."""

import argparse

from lenet5.errors import LeNet5Error


def add(commands: argparse._SubParsersAction) -> None:
    command = commands.add_parser(
        "reproduce",
        help="run an experiment and write its record",
        description="Runs an experiment from several seeds and writes data/results/ID.json, run "
        "by run. What the record has already is not run again, and what was cut goes on.",
    )
    command.add_argument("ids", nargs="*", metavar="ID", help="which; see --list")
    command.add_argument("--list", action="store_true", help="name them all, with their costs")
    command.add_argument("--seeds", type=int, metavar="N",
                         help="how many runs, of seeds 1 to N; the experiment's own number "
                         "unless told")  # fmt: skip
    command.add_argument("--jobs", type=int, metavar="J",
                         help="how many at once; one a core unless told")  # fmt: skip
    command.add_argument("--cluster", metavar="URL",
                         help="on the Dask cluster whose scheduler is at tcp://host:port "
                         "(needs the extra `cluster`)")  # fmt: skip
    command.set_defaults(
        command=_reproduce,
        after_interrupt="What is finished is in the record; the same command goes on.",
    )


def _reproduce(options: argparse.Namespace) -> None:
    if options.list:
        print(_list())
        return
    if not options.ids:
        raise LeNet5Error("Name an experiment: `python -m lenet5 reproduce --list` has them all.")
    if options.seeds is not None and options.seeds < 1:
        raise LeNet5Error(f"The number of seeds must be 1 or more, not {options.seeds}.")
    from lenet5.cli.results import told
    from lenet5.experiments import experiment
    from lenet5.experiments.reproduce import reproduce
    from lenet5.results import records

    seeds = range(1, options.seeds + 1) if options.seeds else None
    for one in [experiment(identifier) for identifier in options.ids]:
        record = reproduce(one, seeds=seeds, jobs=options.jobs, cluster=options.cluster)
        print(told([record], records.read_all()))


def _list() -> str:
    from lenet5.experiments import EXPERIMENTS
    from lenet5.experiments.cost import minutes
    from lenet5.results import records
    from lenet5.results.tables import aligned

    there = {record.id: record for record in records.read_all()}
    rows = [["experiment", "runs done", "minutes on two cores", "what"]]
    for identifier, one in EXPERIMENTS.items():
        done = len(there[identifier].runs) if identifier in there else 0
        cost = minutes(one, list(there.values()))
        rows.append([identifier, f"{done} of {len(one.runs())}", cost, one.title])
    return aligned(rows, right={1, 2})
