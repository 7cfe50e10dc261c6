DROP TABLE selection_details;
DROP TABLE drafts;
