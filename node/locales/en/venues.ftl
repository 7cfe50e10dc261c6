venues-name-empty = Give the venue a name.
venues-name-long = The name is too long: { $limit } characters at most.
venues-name-unseen = The name holds a character that cannot be seen. Type it again, on one line.
venues-seats-range = A venue has from 1 to { $limit } seats.
venues-contribution-range = A contribution is a whole number of minor units (cents), not below 0.
venues-none = This node has no venue yet: add one first with `antiphon venue add`.
venues-unknown = This node has no such venue. It has: { $known }.
venues-seats-left =
    { $left ->
        [0] { $venue } has no seat left of its { $seats }: members and open invitations take them all. Take back an invitation, or pay for more seats.
        [one] { $venue } has only 1 seat left of its { $seats }. Ask for fewer, take back an invitation, or pay for more seats.
       *[other] { $venue } has only { $left } seats left of its { $seats }. Ask for fewer, take back an invitation, or pay for more seats.
    }
venues-invite-none = Ask for at least one invitation.
venues-revoke-unknown = This venue has no open invitation with that code: it was used or taken back already, or it is another venue’s.
