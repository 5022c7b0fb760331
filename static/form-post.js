// Sends the authorization response on; the button does where scripts are off.
document.getElementById("form-post").requestSubmit();
