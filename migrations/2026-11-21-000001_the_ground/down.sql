-- There is no way back from the ground: restore a copy instead.
SELECT 1;
