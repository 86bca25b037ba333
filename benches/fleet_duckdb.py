"""A query of coroner-fleet, as it is, by DuckDB on the same files: STORE QUERY.sql OUT.csv."""
import glob, re, sys, csv, duckdb

store, query, out = sys.argv[1:]
db = duckdb.connect(config={"threads": 2})
tables = ["items", "marks", "findings", "baselines", "reports"]
for table in tables:
    files = glob.glob(f"{store}/{table}/**/*.parquet", recursive=True)
    db.execute(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({files}, hive_partitioning=false)")
db.execute(f"CREATE VIEW roles AS SELECT * FROM read_parquet('{store}/roles.parquet')")
views = re.sub(r"--.*", "", open("crates/fleet/queries/views.sql").read())
for view in filter(str.strip, views.split(";")):
    db.execute(view)
text = open(query).read()
given = dict(re.findall(r"^--   (\w+) number = (\d+)", text, re.M))
rows = db.execute(text, {name: int(value) for name, value in given.items()} or None)
with open(out, "w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(column[0] for column in rows.description)
    while some := rows.fetchmany(10000):
        writer.writerows(some)
