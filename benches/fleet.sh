#!/usr/bin/env bash
# How long coroner-fleet takes for many hosts, and how much memory, beside DuckDB with the same SQL
# on the same files. Prints a table. Needs python3 with venv, and about 4 GB of disk.
#   benches/fleet.sh [HOSTS [ITEMS]]        2000 hosts with 2000 items each by default
# BENCH_DIR keeps what was made from one run to the next; ROUNDS is how often each query is asked.
set -euo pipefail
cd "$(dirname "$0")/.."
hosts=${1:-2000} items=${2:-2000} rounds=${ROUNDS:-3}
dir=${BENCH_DIR:-$(mktemp -d)}
target=${CARGO_TARGET_DIR:-target}

cargo build --quiet --profile fleet -p coroner-fleet --bin coroner-fleet --example make-fleet
bin=$(find "$target" -path '*/fleet/coroner-fleet' -type f | head -n 1)
make=$(find "$target" -path '*/fleet/examples/make-fleet' -type f | head -n 1)
[ -d "$dir/in" ] || { "$make" "$dir/in.new" "$hosts" "$items" 2; mv "$dir/in.new" "$dir/in"; }
[ -x "$dir/duckdb/bin/python3" ] || { python3 -m venv "$dir/duckdb"; "$dir/duckdb/bin/pip" -q install duckdb; }

# Wall seconds and peak MiB of a command, the median of all rounds by wall time.
measure() {
    for _ in $(seq "$rounds"); do
        python3 benches/measure.py "$@"
    done | sort -n | sed -n "$(((rounds + 1) / 2))p"
}

rm -rf "$dir/store"
mkdir -p "$dir/first" "$dir/second"
find "$dir/in" -name '*-0.json' -exec ln -f {} "$dir/first" \;
find "$dir/in" -name '*-1.json' -exec ln -f {} "$dir/second" \;
printf '%s hosts x %s items, two days; %s processors\n\n' "$hosts" "$items" "$(nproc)"
printf '| | seconds | peak MiB | DuckDB seconds | peak MiB |\n| --- | --- | --- | --- | --- |\n'
rounds=1
read -r seconds peak < <(measure "$bin" ingest "$dir/first" --store "$dir/store")
printf '| ingest (%s of JSON to %s) | %s | %s | | |\n' "$(du -shL "$dir/first" | cut -f1)" "$(du -sh "$dir/store" | cut -f1)" "$seconds" "$peak"
"$bin" ingest "$dir/second" --store "$dir/store" 2>/dev/null
rounds=${ROUNDS:-3}
for query in stack content drift shared packages hosts; do
    read -r seconds peak < <(measure "$bin" query "$query" --store "$dir/store" -o "$dir/$query.fleet.csv" --format csv)
    read -r duck_seconds duck_peak < <(measure "$dir/duckdb/bin/python3" benches/fleet_duckdb.py "$dir/store" "crates/fleet/queries/$query.sql" "$dir/$query.duck.csv")
    same=same; cmp -s "$dir/$query.fleet.csv" "$dir/$query.duck.csv" || same='OTHER ROWS'
    printf '| %s (%s rows, %s) | %s | %s | %s | %s |\n' "$query" "$(($(wc -l <"$dir/$query.fleet.csv") - 1))" "$same" \
        "$seconds" "$peak" "$duck_seconds" "$duck_peak"
done
[ -n "${BENCH_DIR:-}" ] || rm -rf "$dir"
