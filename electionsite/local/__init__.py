"""What `manage.py run_local` is made of: the site with all its processes on one machine."""
