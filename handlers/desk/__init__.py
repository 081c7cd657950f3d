"""The coordinators' desk in chat: review, dispatch, lectures, cases and polls."""
