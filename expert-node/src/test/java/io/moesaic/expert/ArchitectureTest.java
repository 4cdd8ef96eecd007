package io.moesaic.expert;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private final JavaClasses expert =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.moesaic.expert");

  @Test
  void knowsNoRouterAndNoDeployment() {
    noClasses()
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.moesaic.router..", "io.moesaic.deploy..")
        .check(expert);
  }

  @Test
  void hasNoCyclesBetweenPackages() {
    slices().matching("io.moesaic.expert.(*)..").should().beFreeOfCycles().check(expert);
  }

  @Test
  void runningExpertsKnowsNothingOfQueuesAndNetworks() {
    noClasses()
        .that()
        .resideInAPackage("io.moesaic.expert.exec..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "io.moesaic.expert.batch..", "io.moesaic.expert.rpc..", "io.moesaic.expert.store..")
        .check(expert);
  }

  @Test
  void batchingKnowsNoNetwork() {
    noClasses()
        .that()
        .resideInAPackage("io.moesaic.expert.batch..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.moesaic.expert.rpc..", "io.grpc..", "org.apache.arrow..")
        .check(expert);
  }
}
