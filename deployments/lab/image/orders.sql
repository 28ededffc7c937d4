CREATE TABLE customers (
    id    integer PRIMARY KEY,
    name  text NOT NULL,
    phone text NOT NULL
);
CREATE TABLE orders (
    id        bigserial PRIMARY KEY,
    customer  integer NOT NULL REFERENCES customers (id),
    item      text NOT NULL,
    cents     bigint NOT NULL CHECK (cents > 0),
    placed_at timestamptz NOT NULL
);
INSERT INTO customers
SELECT n, '客户 ' || n, '+86 10 5550 ' || lpad(n::text, 4, '0') FROM generate_series(1, 200) AS n;
INSERT INTO orders (customer, item, cents, placed_at)
SELECT 1 + n % 200, (ARRAY['清运', '消毒', '检修', '设备租赁'])[1 + n % 4], 1000 + (n * 37) % 90000,
       timestamptz '2026-01-01 08:00:00+08' + n * interval '53 minutes'
FROM generate_series(1, 5000) AS n;
CREATE INDEX orders_customer ON orders (customer);
ANALYZE;
