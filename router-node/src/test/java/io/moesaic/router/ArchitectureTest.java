package io.moesaic.router;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final String ROOT = "io.moesaic.router";

  private static final JavaClasses ROUTER =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages(ROOT);

  private void assertDoesNotKnow(String subject, String... unknown) {
    noClasses()
        .that()
        .resideInAPackage(subject)
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(unknown)
        .check(ROUTER);
  }

  private static String of(String name) {
    return ROOT + "." + name + "..";
  }

  @Test
  void knowsNoExpertNodeAndNoDeployment() {
    assertDoesNotKnow(ROOT + "..", "io.moesaic.expert..", "io.moesaic.deploy..");
  }

  @Test
  void hasNoCyclesBetweenPackages() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(ROUTER);
  }

  @Test
  void packagesDoNotKnowWhoWiresThem() {
    assertDoesNotKnow(ROOT + ".*..", ROOT);
  }

  @Test
  void theTrunkKnowsNeitherEngineNorNetwork() {
    assertDoesNotKnow(
        of("trunk"),
        of("engine"),
        of("api"),
        of("moe"),
        of("dispatch"),
        of("plan"),
        of("placement"),
        "io.grpc..",
        "org.apache.arrow..",
        "io.netty..");
  }

  @Test
  void dispatchKnowsNothingOfTexts() {
    assertDoesNotKnow(
        of("dispatch"), of("trunk"), of("engine"), of("sampling"), of("api"), of("tokenizer"));
  }

  @Test
  void theEngineKnowsNeitherItsClientsNorTheNetwork() {
    assertDoesNotKnow(
        of("engine"),
        of("api"),
        of("tokenizer"),
        of("moe"),
        of("dispatch"),
        "io.grpc..",
        "org.apache.arrow..");
  }

  @Test
  void theLayerServiceKnowsNothingOfTexts() {
    assertDoesNotKnow(
        of("layer"), of("engine"), of("api"), of("tokenizer"), of("sampling"), of("dispatch"));
  }

  @Test
  void theSchedulerKnowsNoTensors() {
    noClasses()
        .that()
        .haveSimpleNameStartingWith("Scheduler")
        .or()
        .haveSimpleName("Sequence")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.moesaic.tensor..")
        .check(ROUTER);
  }

  @Test
  void gatePlanAndSamplingAreArithmeticOnly() {
    for (var pure : new String[] {"gate", "plan", "placement", "sampling"}) {
      assertDoesNotKnow(of(pure), "io.grpc..", "org.apache.arrow..", "io.moesaic.wire..");
    }
  }

  @Test
  void onlyTheApiSpeaksHttp() {
    noClasses()
        .that()
        .resideInAPackage(ROOT + ".*..")
        .and()
        .resideOutsideOfPackage(of("api"))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.vertx..")
        .check(ROUTER);
  }

  @Test
  void onlyTheTokenizerKnowsTokenizersAndTemplates() {
    noClasses()
        .that()
        .resideOutsideOfPackages(of("tokenizer"), of("jinja"))
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("ai.djl..", of("jinja"))
        .check(ROUTER);
  }

  @Test
  void templatesNeedTheJdkOnlyAndUseNoReflection() {
    classes()
        .that()
        .resideInAPackage(of("jinja"))
        .should()
        .onlyDependOnClassesThat()
        .resideInAnyPackage(of("jinja"), "java..", "org.jspecify..")
        .check(ROUTER);
    assertDoesNotKnow(of("jinja"), "java.lang.reflect..", "java.io..", "java.nio..", "java.net..");
  }
}
