"""A dataset's folder on the Hub: uploaded to a pull request, loaded from there, merged in one step.

`publish.py` is the order of the steps, `difference.py` what has to change, `manifest.py` what is ours to remove,
`upload.py` how it is sent in portions, `verify.py` the loading before the merge. Every request goes through
`remote.patiently`, which waits as the Hub says.
"""

from hub.publishing.publish import Published, publish
from hub.publishing.remote import PublishError
from hub.publishing.upload import PublishObserver

__all__ = ["PublishError", "PublishObserver", "Published", "publish"]
