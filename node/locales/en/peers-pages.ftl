peers-network = The network
peers-coordinates = This node settles the network’s accounts.
peers-coordinated = The network’s accounts are settled by { $name }, and done again here.
peers-settled = Settled months
peers-statements = statements
peers-reports = Who reported
peers-node = Node
peers-report-accepted = taken
peers-report-offered = handed in
peers-report-refused = to be sent again
peers-report-missing = missing
peers-peers = The other voices
peers-none = This node is still alone.
peers-standing-blocked = blocked
peers-standing-both = we follow each other
peers-standing-following = we follow it
peers-standing-follower = follows us
peers-standing-asked = asked
peers-standing-known = known
peers-owed = { $n ->
    [one] { $n } delivery waits.
   *[other] { $n } deliveries wait.
}
peers-owed-money = { $n ->
    [one] { $n } concerns money.
   *[other] { $n } concern money.
}
peers-owed-since = Since { $day }.
peers-failing = Out of reach since { $day }.
peers-heard = Heard on { $day }.
peers-standing-limited = limited
peers-held = On hold since { $day }: its keys changed.
peers-held-why = Nothing shows that it changed them itself. Nothing is sent there, and nothing signed with the new keys is taken, about money least of all. Ask its operator by another way, then trust the keys or block the node.
peers-held-key = It shows now: { $key }
peers-operators-only = Only who runs this node may do that.
peers-kind-reports = { $n ->
    [one] { $n } play report
   *[other] { $n } play reports
}
peers-kind-receipts = { $n ->
    [one] { $n } answer to a report
   *[other] { $n } answers to reports
}
peers-kind-settlements = { $n ->
    [one] { $n } message about a settlement
   *[other] { $n } messages about settlements
}
peers-kind-splits = { $n ->
    [one] { $n } split sheet
   *[other] { $n } split sheets
}
peers-kind-works = { $n ->
    [one] { $n } work or release
   *[other] { $n } works and releases
}
peers-kind-selections = { $n ->
    [one] { $n } selection
   *[other] { $n } selections
}
peers-kind-others = { $n ->
    [one] { $n } other message
   *[other] { $n } other messages
}
peers-do-retry = Try again now
peers-do-trust = Trust the new keys
peers-do-allow = Allow
peers-do-limit = Limit
peers-do-unlimit = Limit no more
peers-do-block = Block
peers-do-unblock = Unblock
