DROP TABLE also_on;
DROP TABLE provenances;
DROP TABLE mandates;
DROP TABLE credits;
DROP TABLE identifiers;
