venues-here = A venue here
venues-elsewhere = A venue elsewhere ({ $node })
venues-compose = Compose a selection
venues-selections = Its selections
venues-selections-empty = This venue has put nothing forward yet.
venues-managers-only = A venue’s accounts are read with the account of whoever runs it.
venues-statement-of = Where the contribution went, { $month }
venues-statement = Where your contribution went
venues-statement-sentence = { $sum } went to the works your members listened to, { $stayed } of it to works from here.
venues-statement-listeners = { $n ->
    [one] { $n } member listened this month.
   *[other] { $n } members listened this month.
}
venues-statement-works = The works it paid
venues-statement-others = { $n ->
    [one] { $n } other work
   *[other] { $n } other works
}
venues-statement-five = No figure rests on fewer than five members: what fewer than five listened to is counted together.
venues-statement-waiting = This month is not settled yet, or too few members listened to show its details.
venues-accounts = Accounts
