CREATE DATABASE stock CHARACTER SET utf8mb4;
USE stock;
CREATE TABLE article (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY, name VARCHAR(80) NOT NULL, price DECIMAL(10,2) NOT NULL) ENGINE=InnoDB;
CREATE TABLE movement (id BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY, article INT UNSIGNED NOT NULL, moved_at DATETIME NOT NULL, amount INT NOT NULL,
    KEY movement_article (article), CONSTRAINT movement_article FOREIGN KEY (article) REFERENCES article (id)) ENGINE=InnoDB;
INSERT INTO article (name, price) SELECT CONCAT('article ', seq), seq / 7 FROM seq_1_to_200;
INSERT INTO movement (article, moved_at, amount) SELECT 1 + seq % 200, '2026-01-01' + INTERVAL seq MINUTE, seq % 17 FROM seq_1_to_3000;
