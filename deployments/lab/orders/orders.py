"""Orders of the bureau: answers on /health and /orders, reads its data from PostgreSQL."""

import argparse
import configparser
import json
import pathlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg2

RELEASE = pathlib.Path(__file__).resolve().parent
VERSION = (RELEASE / "VERSION").read_text().strip()
COLUMNS = (RELEASE / "COLUMNS").read_text().split()  # what this release reads of each order


class Handler(BaseHTTPRequestHandler):
    database = {}

    def rows(self, question):
        connection = psycopg2.connect(connect_timeout=3, **self.database)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(question)
                return cursor.fetchall()
        finally:
            connection.close()

    def do_GET(self):
        try:
            if self.path == "/health":
                count = self.rows(f"SELECT count(*) FROM (SELECT {', '.join(COLUMNS)} FROM orders) AS readable")[0][0]
                self.answer(200, {"status": "ok", "version": VERSION, "orders": count})
            elif self.path == "/orders":
                rows = self.rows(f"SELECT {', '.join(COLUMNS)} FROM orders ORDER BY id DESC LIMIT 20")
                self.answer(200, [dict(zip(COLUMNS, row, strict=True)) for row in rows])
            else:
                self.answer(404, {"status": "not found"})
        except psycopg2.Error as problem:
            self.answer(503, {"status": "failing", "version": VERSION, "problem": str(problem).strip()})

    def answer(self, status, content):
        body = json.dumps(content, ensure_ascii=False, default=str).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--config", required=True)
    config = configparser.ConfigParser(interpolation=None)
    config.read_file(open(arguments.parse_args().config, encoding="utf-8"))
    database = config["database"]
    Handler.database = {"host": database["host"], "port": database["port"], "dbname": database["name"],
                        "user": database["user"], "password": database["password"]}
    ThreadingHTTPServer((config["web"]["listen"], config["web"].getint("port")), Handler).serve_forever()


if __name__ == "__main__":
    main()
