"""The analyzer as a static page that runs in a browser: fetched, put together, served."""
