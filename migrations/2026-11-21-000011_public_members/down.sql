DROP TABLE member_follows;
DROP TABLE public_members;
