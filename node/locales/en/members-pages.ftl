members-name = Name
members-password = Password
members-password-hint = { $n } characters or more. A sentence is easy to remember.
members-join-title = Welcome
members-join-lede = Your venue gave you a code. Choose a name and a password: that is all it takes.
members-join-code = Code
members-join-code-hint = As it is written on your card, with or without the hyphens.
members-join-name-hint = Any you like: it stays here and nobody else sees it.
members-join-go = Come in
members-join-privacy = No age, no sex, no profession, no address. What you listen to never leaves this node in a form that leads to you.
members-sign-in-title = Sign in
members-sign-in-go = Sign in
members-sign-in-join = I have a code and no account yet
members-sign-in-reset = I forgot my password
members-reset-title = Another password
members-reset-lede = Ask your venue’s desk for a code: it works once, for a day.
members-reset-code = Code from the desk
members-reset-password = New password
members-reset-go = Change it and come in
members-me-title = My account
members-me-venue = Member through { $venue }
members-me-no-venue = Member of no venue for now
members-me-went = Where my contribution went
members-me-went-sentence = In { $month }, your part of what your venue paid to works was { $sum }. Your listening shared it out like this.
members-me-went-how = Every member who listened has the same part. It goes only to the works they listened to themselves. This page is seen by you alone.
members-me-went-empty = As soon as a month in which you listened is settled, you will see here to whom your part went.
members-me-uses = { $n ->
    [one] { $n } play
   *[other] { $n } plays
}
members-me-work-gone = A work that is no longer offered
members-me-history = What I listened to
members-me-history-private = Seen by you alone.
members-me-history-empty = You have not listened to anything yet. A selection is a good start.
