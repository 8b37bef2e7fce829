// Joins the page's passkey form with allauth's WebAuthn code. Without JavaScript the page offers other ways.
document.addEventListener('DOMContentLoaded', function () {
  const ids = { add: 'passkey_button', authenticate: 'passkey_button', login: 'passkey_button',
    credential: 'id_credential', passwordless: 'id_passwordless', data: 'passkey_data' }
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.hidden = !window.PublicKeyCredential
    window.allauth.webauthn.forms[form.dataset.passkey + 'Form']({ ids })
  }
})
