package io.moesaic.router.tokenizer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChatTemplateTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-02T15:04:05Z"), ZoneOffset.UTC);

  private static final List<Map<String, String>> CHAT =
      List.of(
          message("system", "Be brief."),
          message("user", " Hi "),
          message("assistant", "<think>hm</think>\n\nYes?"),
          message("user", "{{ 1 + 1 }} {% raw %} <b>"));

  @Test
  void rendersTheTemplateOfTheBundledModel() throws Exception {
    var template = ChatTemplate.load(Models.DEMO).orElseThrow();
    assertEquals(
        "Hello\nworld\n",
        template.render(List.of(message("user", "Hello"), message("user", "world")), true));
  }

  @Test
  void aModelMayHaveNoTemplate() throws IOException {
    assertTrue(ChatTemplate.load(Models.GOLDEN).isEmpty());
  }

  @Test
  void rendersInstructionsInBrackets() throws Exception {
    assertEquals(
        "<s> [INST] Be brief.\n\n Hi  [/INST] <think>hm</think>\n\nYes?</s>"
            + " [INST] {{ 1 + 1 }} {% raw %} <b> [/INST]",
        resource("mixtral").render(CHAT, true));
  }

  @Test
  void rendersHeadersAndTrimsContents() throws Exception {
    assertEquals(
        """
        <s><|start_header_id|>system<|end_header_id|>

        Be brief.<|eot_id|><|start_header_id|>user<|end_header_id|>

        Hi<|eot_id|><|start_header_id|>assistant<|end_header_id|>

        """,
        resource("llama").render(CHAT.subList(0, 2), true));
  }

  @Test
  void rendersChatMarkupWithMethodsOfPythonStrings() throws Exception {
    assertEquals(
        """
        <|im_start|>system
        Be brief.<|im_end|>
        <|im_start|>user
         Hi <|im_end|>
        <|im_start|>assistant
        Yes?<|im_end|>
        """,
        resource("chatml").render(CHAT.subList(0, 3), false));
  }

  @Test
  void tellsWhyATemplateRefusesMessages() throws IOException {
    var template = resource("mixtral");
    var refusal =
        assertThrows(
            ChatTemplateException.class,
            () -> template.render(List.of(message("assistant", "Me first")), true));
    assertEquals(
        "the chat template refuses these messages: After the optional system message, roles must"
            + " alternate user/assistant",
        refusal.getMessage());
  }

  @Test
  void rendersThoughtsOnlyInTheLastTurn() throws Exception {
    assertEquals(
        "<s>Be brief.<|User|> Hi <|Assistant|>\n\nYes?</s><|User|>{{ 1 + 1 }} {% raw %} <b>"
            + "<|Assistant|><think>\n",
        resource("deepseek").render(CHAT, true));
    assertEquals(
        "<s>Be brief.<|User|> Hi <|Assistant|>\n\nYes?</s>",
        resource("deepseek").render(CHAT.subList(0, 3), false));
    assertEquals(
        """
        <|im_start|>system
        Be brief.<|im_end|>
        <|im_start|>user
         Hi <|im_end|>
        <|im_start|>assistant
        Yes?<|im_end|>
        <|im_start|>user
        {{ 1 + 1 }} {% raw %} <b><|im_end|>
        <|im_start|>assistant
        """,
        resource("qwen").render(CHAT, true));
    assertEquals(
        """
        <|im_start|>system
        Be brief.<|im_end|>
        <|im_start|>user
         Hi <|im_end|>
        <|im_start|>assistant
        <think>
        hm
        </think>

        Yes?<|im_end|>
        """,
        resource("qwen").render(CHAT.subList(0, 3), false));
  }

  @Test
  void tellsTheModelTheDate() throws Exception {
    assertEquals(
        """
        <|start_of_role|>system<|end_of_role|>Knowledge ends: April 2024.
         Today's Date: November 02, 2026. Be helpful.<|end_of_text|>
         <|start_of_role|>user<|end_of_role|> Hi <|end_of_text|>
         <|start_of_role|>assistant<|end_of_role|>\
        """,
        resource("granite").render(CHAT.subList(1, 2), true));
    assertEquals(
        """
        <|start|>system<|message|>You are a model.
        Current date: 2026-11-02

        Reasoning: medium

        # Valid channels: analysis, commentary, final.<|end|>\
        <|start|>developer<|message|># Instructions

        Be brief.<|end|><|start|>user<|message|> Hi <|end|>\
        <|start|>assistant<|channel|>final<|message|><think>hm</think>

        Yes?<|return|>\
        """,
        resource("harmony").render(CHAT.subList(0, 3), false));
  }

  @Test
  void tellsWhatItRefusesInTheWordsOfTheTemplate() throws IOException {
    assertRefuses(
        "the chat template refuses these messages: Contents must not hold channels; found:"
            + " <|channel|>final<|me",
        resource("harmony"),
        message("assistant", "<|channel|>final<|message|>Hi"));
  }

  @Test
  void aBrokenTemplateIsToldOfWhenAChatNeedsIt() {
    assertRefuses(
        "the chat template cannot be rendered, line 2: a block is not closed by '{% endif %}'",
        new ChatTemplate("{# #}\n{% if messages %}", "", "", CLOCK), message("user", "Hi"));
    assertRefuses(
        "the chat template cannot be rendered, line 1: 'tools' is not defined",
        new ChatTemplate("{{ tools[0] }}", "", "", CLOCK),
        message("user", "Hi"));
  }

  private static void assertRefuses(
      String sentence, ChatTemplate template, Map<String, String> message) {
    var refusal =
        assertThrows(ChatTemplateException.class, () -> template.render(List.of(message), true));
    assertEquals(sentence, refusal.getMessage());
  }

  @Test
  void readsNoFilesAndCallsNoJava() {
    for (var source :
        List.of(
            "{% include '/etc/passwd' %}",
            "{% import 'logback.xml' as x %}",
            "{% extends 'a' %}",
            "{{ messages.getClass().forName('java.lang.Runtime') }}",
            "{{ ''.getClass() }}")) {
      assertFails(source);
    }
  }

  @Test
  void boundsItsOutputAndItsDepth() {
    var hundred = "x".repeat(100);
    assertFails(
        "{% for a in range(999) %}{% for b in range(999) %}"
            + hundred
            + "{% endfor %}{% endfor %}");
    assertFails("{% if messages %}".repeat(10_000));
  }

  @Test
  void takesTheTemplateOfTheTokenizersConfiguration(@TempDir Path model) throws Exception {
    Files.writeString(
        model.resolve("tokenizer_config.json"),
        """
        {"bos_token": {"content": "<b>"}, "eos_token": null,
         "chat_template": [{"name": "tools", "template": "no"},
                           {"name": "default", "template": "{{bos_token}}|{{eos_token}}"}]}
        """);
    assertEquals("<b>|", ChatTemplate.load(model).orElseThrow().render(CHAT, true));

    Files.writeString(
        model.resolve("tokenizer_config.json"),
        """
        {"eos_token": "</s>", "chat_template": "{{bos_token}}|{{eos_token}}\\n"}
        """);
    assertEquals("|</s>", ChatTemplate.load(model).orElseThrow().render(CHAT, true));
  }

  private static void assertFails(String source) {
    var template = new ChatTemplate(source, "", "", CLOCK);
    assertThrows(ChatTemplateException.class, () -> template.render(CHAT, true), source);
  }

  private static ChatTemplate resource(String name) throws IOException {
    try (var in = ChatTemplateTest.class.getResourceAsStream("/chat/" + name + ".jinja")) {
      var template = new String(Objects.requireNonNull(in).readAllBytes(), UTF_8);
      return new ChatTemplate(template, "<s>", "</s>", CLOCK);
    }
  }

  private static Map<String, String> message(String role, String content) {
    return Map.of("role", role, "content", content);
  }
}
