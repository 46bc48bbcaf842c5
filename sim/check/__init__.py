"""The check: measures what was injected against what was perceived, judges, reports; no ROS."""
