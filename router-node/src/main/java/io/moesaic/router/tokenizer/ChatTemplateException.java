package io.moesaic.router.tokenizer;

/// Messages that a chat template does not accept, or a template that cannot be rendered.
public final class ChatTemplateException extends Exception {
  private static final long serialVersionUID = 1;

  ChatTemplateException(String message) {
    super(message);
  }
}
