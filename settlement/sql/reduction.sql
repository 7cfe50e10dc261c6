-- The reduction of a play report, for any engine that reads Parquet and has exact decimals.
--
-- The same rows as the built-in reducer, bit for bit: docs/settlement.md says what they mean. Give
-- it three relations, as views or tables:
--   lines   venue, member, track, uses, seconds                     lines.parquet
--   tracks  track, id, isrc, kind, home                             tracks.parquet
--   policy  one row: territory, unit, member_cap_uses, local_bp,
--           music_bp, film_bp, game_bp, book_bp                     the report's territory, the policy
--
-- Whole numbers are decimals from the first multiplication on: 64-bit integers wrap silently in some
-- engines, decimals do not. No intermediate value reaches 10^38.
--
-- floor(a / b) is written round((a - a % b) / b): the division comes out even, and no quotient here
-- passes 2^41, so the result is exact even in an engine that divides decimals as doubles.
WITH weighed AS (
    SELECT
        l.venue,
        l.member,
        l.track,
        CAST(l.uses AS DECIMAL(38, 0)) AS uses,
        CAST(l.seconds AS DECIMAL(38, 0)) AS seconds,
        CAST(CASE WHEN p.unit = 'seconds' THEN l.seconds ELSE l.uses END AS DECIMAL(38, 0)) AS amount,
        CAST(CASE t.kind
                WHEN 'music' THEN p.music_bp
                WHEN 'film' THEN p.film_bp
                WHEN 'game' THEN p.game_bp
                WHEN 'book' THEN p.book_bp
            END AS DECIMAL(38, 0))
        * CAST(CASE
                WHEN t.home = p.territory THEN p.local_bp
                WHEN SUBSTR(t.home, 1, 2) = SUBSTR(p.territory, 1, 2)
                    AND (LENGTH(t.home) = 2 OR LENGTH(p.territory) = 2) THEN p.local_bp
                ELSE 10000
            END AS DECIMAL(38, 0)) AS factor,
        CAST(p.member_cap_uses AS DECIMAL(38, 0)) AS cap
    FROM lines AS l
    JOIN tracks AS t ON t.track = l.track
    CROSS JOIN policy AS p
),
of_members AS (
    SELECT
        venue,
        member,
        CAST(SUM(amount * factor) AS DECIMAL(38, 0)) AS weight,
        CAST(SUM(uses) AS DECIMAL(38, 0)) AS uses
    FROM weighed
    GROUP BY venue, member
),
counted AS (
    SELECT
        w.venue,
        w.track,
        w.uses,
        w.seconds,
        w.factor,
        w.amount * w.factor AS weight,
        -- 10^12 times the weight, and by what to divide it; a member without weight has no shares.
        w.amount * w.factor * CAST(1000000000000 AS DECIMAL(38, 0)) AS millionths,
        CASE WHEN m.weight = 0 THEN CAST(1 AS DECIMAL(38, 0)) ELSE m.weight END AS of_weight,
        -- Above the cap the amount counts for amount * cap / uses of the member.
        w.cap > 0 AND m.uses > w.cap AS capped,
        w.amount * w.cap AS capped_amount,
        m.uses AS of_uses
    FROM weighed AS w
    JOIN of_members AS m ON m.venue = w.venue AND m.member = w.member
),
divided AS (
    SELECT
        venue,
        track,
        uses,
        seconds,
        weight,
        capped,
        factor,
        of_uses,
        CAST(ROUND((millionths - millionths % of_weight) / of_weight) AS DECIMAL(38, 0)) AS share,
        CAST(ROUND((capped_amount - capped_amount % of_uses) / of_uses) AS DECIMAL(38, 0)) AS whole,
        capped_amount % of_uses * factor AS rest
    FROM counted
)
SELECT
    venue,
    track,
    CAST(SUM(uses) AS BIGINT) AS uses,
    CAST(SUM(seconds) AS BIGINT) AS seconds,
    CAST(SUM(share) AS DECIMAL(38, 0)) AS share,
    CAST(SUM(
        CASE
            WHEN capped
            THEN whole * factor
                + CAST(ROUND((rest - rest % of_uses) / of_uses) AS DECIMAL(38, 0))
            ELSE weight
        END
    ) AS DECIMAL(38, 0)) AS weight
FROM divided
GROUP BY venue, track
ORDER BY venue, track;
