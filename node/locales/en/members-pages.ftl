members-name = Name
members-password = Password
members-password-hint = { $n } characters or more. A sentence is easy to remember.
members-join-title = Welcome
members-join-lede = Your venue gave you a code. Choose a name, and a password or a passkey: that is all it takes.
members-join-code = Code
members-join-code-hint = As it is written on your card, with or without the hyphens.
members-join-name-hint = Any you like: it stays here and nobody else sees it.
members-join-go = Come in
members-join-privacy = No age, no sex, no profession, no address. What you listen to never leaves this node in a form that leads to you.
members-sign-in-title = Sign in
members-sign-in-go = Sign in
members-sign-in-join = I have a code and no account yet
members-sign-in-reset = I forgot my password, or lost my passkey
members-reset-title = Another password
members-reset-lede = Ask your venue’s desk for a code: it works once, for a day.
members-reset-code = Code from the desk
members-reset-password = New password
members-reset-go = Change it and come in
members-me-title = My account
members-me-venue = Member through { $venue }
members-me-no-venue = Member of no venue for now
members-me-went = Where my contribution went
members-me-went-sentence = In { $month }, this was your part of what your venue paid for works. Your listening divided it like this.
members-me-went-rest = { $n ->
    [one] One more work
   *[other] { $n } more works
}
members-me-history-all = All my listening
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
members-public = Being seen
members-public-over = Member
members-public-lede = Nobody sees you unless you want it. Choose a handle and a name, and people on other servers can follow you. The name you sign in with and what you listen to are never shown.
members-public-handle = Handle
members-public-name = Name others see
members-public-open = Let others see me
members-public-close = Be seen no longer
members-public-page = My page
members-public-seen = You are seen as { $name }, under the handle { $handle }.
members-public-follow-from = Can be followed from any server of the fediverse: { $handle }
members-public-handle-refused = A handle has 2 to 40 small letters, digits and hyphens.
members-public-handle-taken = This handle is taken. Choose another.
members-public-name-refused = Write a name of at most { $limit } characters on one line.
members-follows = Whom I follow elsewhere
members-follows-private = Seen by you alone: this node asks in its own name.
members-follow = Follow
members-heard = What they said lately
members-unfollow = Follow no longer
members-follow-who = Address, or handle such as @name@example.org
members-follow-many = One follows at most { $limit } others. Leave one first.
members-passkey-join = Come in with a passkey
members-passkey-join-hint = No password to remember: your device asks for your finger, your face or its PIN.
members-passkey-sign-in = Sign in with a passkey
members-passkey-sign-in-hint = If you made one: with your finger, your face or your device’s PIN.
members-passkey-prove-hint = Or with a passkey, which is both steps at once.
members-passkey-stopped = Nothing was signed. If you stopped it or took too long, press the button again; without a passkey, use your password.
members-passkey-failed = This browser cannot use a passkey here. Use your password, or another browser.
