DROP TABLE release_draft_works;
DROP TABLE release_drafts;
DROP TABLE label_invitations;
DROP TABLE label_people;
