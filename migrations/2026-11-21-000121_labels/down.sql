DROP TABLE draft_works;
DROP TABLE drafts;
DROP TABLE label_invitations;
DROP TABLE label_people;
