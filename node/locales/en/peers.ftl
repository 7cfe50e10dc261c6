peers-address = This is not a node’s address: { $why }.
peers-ourselves = This is this node’s own address. Write the address of another node.
peers-unknown = { $peer } is not a peer of this node. Add it first.
peers-blocked = { $peer } is blocked here. Unblock it first if you want to speak with it.
peers-not-found = No node was found at { $peer }: { $why }. Check the address, and that the node there is running.
peers-elsewhere = { $peer } says that its actor is { $actor }, which is another address. Add that address instead.
peers-answer-unasked = This answers nothing that this node has asked.
peers-follow-nobody = Nobody can be followed at { $object } here; follow the node, one of its venues or of its parties.
peers-unreadable = The activity cannot be read: { $why }.
peers-webfinger-resource = Say whom you are looking for: ?resource=acct:NAME@HOST.
peers-not-held = { $peer } is not on hold: its keys are those known here.
peers-keys-changed-meanwhile = The keys were changed by somebody else a moment ago. Look at them with “antiphon key list”.
peers-rule-node = { $actor } is not the node of { $peer }: only that node may say “{ $what }” of this.
peers-rule-owner = { $actor } has no say over this: only whose it is may say “{ $what }” of it.
