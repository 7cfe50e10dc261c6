refusal-missing = This page does not exist, or no longer does.
refusal-sign-in = Sign in to go on.
refusal-forbidden = You have no access to this page.
refusal-invalid = Something is missing or not right. Mend the fields marked below, then try again.
refusal-too-many = Too many tries. Wait { $seconds } seconds, then try again.
refusal-broken = Something broke on our side. Nothing is lost: try again in a moment.
refusal-cross-site = This request does not come from a page of this node. Reload the page, then try again.
