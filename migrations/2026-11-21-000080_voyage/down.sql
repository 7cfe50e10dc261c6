DROP INDEX releases_by_label_name;
DROP INDEX works_by_territory;
DROP INDEX works_by_genre;
DROP INDEX works_by_credit;
DROP TABLE name_pairs;
DROP TABLE brought_names;
