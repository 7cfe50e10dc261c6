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
