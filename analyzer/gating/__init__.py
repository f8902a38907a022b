"""What makes an audit fail: policies, and what a project has excused from them."""
