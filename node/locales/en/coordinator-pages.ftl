coordinator-operators-only = This page is for whoever runs the node.
coordinator-settlement-over = Settlement published on { $day }
coordinator-settlement-sentence = This is what venues paid this month. All that came in went out again, to the millionth of a cent.
coordinator-settlement-recomputed = This node did the sums again and came to the same.
coordinator-settlement-announced = This settlement is announced; this node has not done the sums again yet.
coordinator-settlement-objected = This node did the sums again and did not come to the same.
coordinator-went = Where it went
coordinator-went-parties = To artists, labels, publishers
coordinator-went-fund = To the creation fund
coordinator-went-nodes = To the nodes, for their costs
coordinator-went-coordinator = To the coordination
coordinator-went-held = Waiting: belongs to nobody yet
coordinator-nodes = The nodes
coordinator-node = Node
coordinator-contributed = Paid by its venues
coordinator-earned = Earned by its artists
coordinator-position = Settlement
coordinator-pays = pays { $sum }
coordinator-receives = receives { $sum }
coordinator-signed = Countersigned
coordinator-agreed = yes
coordinator-objected = objects
coordinator-unsigned = not yet
coordinator-published = published it
coordinator-elsewhere = with the coordinator
coordinator-document = The signed document, for machines and auditors
coordinator-statements = Statements
coordinator-statements-lede = One statement for each who is owed money. Each address is a secret: send it only to the one it concerns.
coordinator-statements-empty = Nobody earned anything this month.
coordinator-party = To whom
coordinator-statement-nothing = Nothing in { $month }: your works were not listened to, or their part still waits.
coordinator-statement-sentence = In { $month }, { $works ->
    [one] one of your works was played
   *[other] { $works } of your works were played
} { $uses } times in { $places ->
    [one] one territory.
   *[other] { $places } territories.
}
coordinator-statement-from = Where it comes from
coordinator-statement-why = Why { $sum }
coordinator-work = Work
coordinator-place = Played in
coordinator-uses = Plays
coordinator-of = The work earned there
coordinator-share = Your share
coordinator-yours = Yours
coordinator-sum = Total
coordinator-account = Your account
coordinator-carried-in = Carried over from the month before
coordinator-earned-party = Earned this month
coordinator-adjusted = Corrections
coordinator-payable = To be paid
coordinator-carried-out = Carried over to the next month
coordinator-carried-why = Small sums are carried over until they reach the least that is paid out. Nothing is lost.
