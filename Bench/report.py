"""The table for people and the JSON lines for programs."""

import json


def table(machine, results):
    lines = ["Machine: " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in machine.items()), ""]
    for workload in workloads(results, "ordinary mail"):
        lines += [f"Ordinary mail through Postfix, {workload}",
                  row("", "messages/s", "of C milter", "95 % between", "of none", "CPU us/message")]
        lines += [row(one["milter"], one["median"], one["to_c"], "-".join(f"{end:.2f}" for end in one["to_c_interval"]),
                      one["to_none"], one["cpu_us"])
                  for one in of(results, "ordinary mail", workload)] + [""]
    for workload in workloads(results, "decisions"):
        lines += [f"At the milter socket, {workload}", row("", "messages/s", "of C milter", "CPU us/message")]
        lines += [row(one["milter"], one["median"], one["to_c"], one["cpu_us"])
                  for one in of(results, "decisions", workload)] + [""]
    if any(one["part"] == "recognition" for one in results):
        lines += ["Recognition of an ordinary message, CPU us"]
        lines += [f"  {one['workload']:<60}{one['cpu_us']:>12}"
                  for one in results if one["part"] == "recognition"] + [""]
    for workload in workloads(results, "memory"):
        lines += [f"Memory, {workload}"]
        lines += [row(one["what"], f"{one['median']} {one['unit']}")
                  for one in of(results, "memory", workload)] + [""]
    for workload in workloads(results, "spool"):
        runs = of(results, "spool", workload)
        if "bare" in runs[0]:
            lines += [f"Voicemail {workload}", row("", "messages/s", "in a commit", "bare SQLite", "our rows", "files", "C milter", "of bare", "of rows", "p99 ms at half")]
            lines += [row(one["milter"], *(one[key] for key in ("median", "group", "bare", "rows", "files", "taker", "to_bare", "to_rows", "p99_ms")))
                      for one in runs] + [""]
        else:
            lines += [f"Spool, {workload}"]
            lines += [row(one["what"], f"{one['median']} {one['unit']}".strip()) for one in runs] + [""]
    for workload in workloads(results, "enhancing"):
        lines += [f"Enhancing, {workload}"]
        lines += [row(one["what"], f"{one['median']} {one['unit']}".strip())
                  for one in of(results, "enhancing", workload)] + [""]
    return "\n".join(lines)


def write_lines(path, machine, results):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as file:
        for line in [{"part": "machine", **machine}, *results]:
            print(json.dumps(line), file=file)


def workloads(results, part):
    return dict.fromkeys(one["workload"] for one in results if one["part"] == part)


def of(results, part, workload):
    return [one for one in results if one["part"] == part and one["workload"] == workload]


def row(name, *values):
    return f"  {name:<30}" + "".join(f"{'-' if value is None else value:>15}" for value in values)
