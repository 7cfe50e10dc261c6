venues-desk = The desk
venues-desk-overview = Overview
venues-desk-invitations = Invitations
venues-desk-members = Members
venues-desk-uses = Listening
venues-desk-contribution = Contribution
venues-desk-invite = Invite
venues-seats = Seats
venues-seats-sentence = { $members ->
    [0] Nobody has joined this venue yet; it has { $seats } seats.
    [one] One person belongs to this venue, which has { $seats } seats.
   *[other] { $members } people belong to this venue, which has { $seats } seats.
}
venues-seats-taken = Seats taken this month
venues-seats-invited = Open invitations
venues-seats-free = Free seats
venues-contribution-until = Received on { $day }, the contribution pays to the end of { $month }.
venues-contribution-none = No contribution was received yet.
venues-contribution-year = From { $first } to { $last }
venues-contribution-received = Received on { $day }.
venues-contribution-carried = { $sum } was carried by closed months so far.
venues-contribution-months = What each month carried
venues-contribution-awaited = not settled yet
venues-csv-month = Month
venues-csv-carried = Carried by the month
venues-csv-work = Work
venues-csv-credit = By
venues-csv-uses = Plays
venues-csv-paid = Paid
venues-download = Download the figures (CSV)
venues-download-paid = Download what was paid (CSV)
venues-uses-weeks = Week by week
venues-uses-none = At least five people must have listened in a week for anything to be seen here.
venues-uses-sentence = { $n ->
    [one] { $n } play in the last thirteen weeks.
   *[other] { $n } plays in the last thirteen weeks.
}
venues-uses-caption = Plays a week; each week begins on the Monday that is named
venues-uses-more = By form, by selection, from here or elsewhere
venues-uses-week = Week
venues-uses-kind = Form
venues-uses-kinds = By form
venues-uses-selection = Selection
venues-uses-selections = What led to it
venues-uses-by = Figure
venues-uses-which = Line
venues-uses-listens = Plays
venues-uses-few = fewer than five people
venues-uses-others = Others, counted together
venues-uses-by-themselves = Found without a selection
venues-uses-where = From here and from elsewhere
venues-uses-here = Works from here
venues-uses-elsewhere = Works from elsewhere
venues-uses-five = A play lasts thirty seconds at least, or the whole work; a game or a book counts when it is opened. No figure rests on fewer than five members: calmer weeks are in no sum, and what fewer than five heard is counted with others.
venues-kind-music = Music
venues-kind-film = Films
venues-kind-game = Games
venues-kind-book = Books
venues-invite-lede = { $left ->
    [0] No seat is free of { $seats }.
    [one] { $left } seat is free of { $seats }.
   *[other] { $left } seats are free of { $seats }.
} Each invitation is good once, for one person.
venues-invite-cards = Cards or links
venues-invite-count = How many
venues-invite-as = As what
venues-invite-days-label = Good for
venues-invite-days-option = { $n } days
venues-invite-go = Make the invitations
venues-invite-many = Make { $limit } at most at a time.
venues-invite-days = An invitation is good for 1 to { $limit } days.
venues-invite-list = From a list
venues-invite-list-how = One name a line, as your software exports it (CSV). The names are written on the cards and nowhere else: this node does not keep them.
venues-invite-file = File
venues-invite-names = Or paste the names here
venues-invite-list-go = Make a card for each name
venues-batches = Made already
venues-batches-empty = No invitation yet. Ten cards on the counter are a good start.
venues-batch-cards = Cards to print
venues-batch-links = Links to send
venues-batch-list = Cards for a list
venues-batch-made = These invitations were made already: the form was sent twice. If you did not keep the cards, take them back below and make others.
venues-batch-made-n = { $n ->
    [one] { $n } made
   *[other] { $n } made
}
venues-batch-used-n = { $n ->
    [one] { $n } used
   *[other] { $n } used
}
venues-batch-open-n = { $n ->
    [0] none open any more
    [one] { $n } open until { $day }
   *[other] { $n } open until { $day }
}
venues-batch-revoke = { $n ->
    [one] Take back the one that is left
   *[other] Take back the { $n } that are left
}
venues-taken-back = { $n ->
    [0] No invitation was open any more.
    [one] { $n } invitation is taken back; its seat is free.
   *[other] { $n } invitations are taken back; their seats are free.
}
venues-revoke-code = Take back a single invitation: its code
venues-revoke-go = Take it back
venues-list-empty = There is no name in this list.
venues-list-large = This file is too large: { $limit } KiB at most. Cut it into several.
venues-list-long = This list is too long: { $limit } lines at most. Cut it into several.
venues-list-kind = This is no list of names. In your spreadsheet, save it as CSV, then send that file.
venues-list-twice = This name is on line { $line } already.
venues-list-no-name = There is no name on this line.
venues-list-no-seat = No seat is left for this person.
venues-list-refused = Without a card
venues-list-line = Line { $line }:
venues-cards-title = Your invitations
venues-cards-lede = Print this page or keep the table now: the codes are not shown again, this node keeps only their digests.
venues-cards-table = Keep the table (CSV)
venues-cards-done = I have finished
venues-card-words = invites you to listen on { $node }. Choose a name and a password: that is all.
venues-card-until = Good until { $day }, for one person.
venues-members-find = Find a member
venues-members-find-go = Find
venues-members-count = { $n ->
    [0] No member of that name.
    [one] { $n } member.
   *[other] { $n } members.
}
venues-members-more = The first { $n } are shown: look for a name to see others.
venues-members-post = listening post
venues-members-do = What to do for { $name }
venues-members-reset = Give a one-time code
venues-members-give-curator = Entrust the selections
venues-members-take-curator = Take the selections back
venues-members-give-manager = Entrust the desk
venues-members-take-manager = Take the desk back
venues-members-end = End the membership
venues-role-curator = composes selections
venues-role-manager = runs the desk
venues-role-operator = runs the node
venues-reset-title = A one-time code
venues-reset-lede = Give this card to { $name } and to nobody else. The code is shown only once.
venues-reset-card = To choose another password. Works once, for a day.
venues-reset-outranked = This person has a role beyond this venue: only whoever runs the node can give them a code.
