package io.moesaic.deploy;

import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .importPackages("io.moesaic");

  @Test
  void modulesDependInOneDirectionAndTheNodesNeverSeeEachOther() {
    layeredArchitecture()
        .consideringOnlyDependenciesInLayers()
        .layer("tensor")
        .definedBy("io.moesaic.tensor..")
        .layer("proto")
        .definedBy("io.moesaic.wire..")
        .layer("router-node")
        .definedBy("io.moesaic.router..")
        .layer("expert-node")
        .definedBy("io.moesaic.expert..")
        .layer("deploy")
        .definedBy("io.moesaic.deploy..")
        .whereLayer("proto")
        .mayOnlyAccessLayers("tensor")
        .whereLayer("tensor")
        .mayNotAccessAnyLayer()
        .whereLayer("router-node")
        .mayOnlyAccessLayers("proto", "tensor")
        .whereLayer("expert-node")
        .mayOnlyAccessLayers("proto", "tensor")
        .whereLayer("deploy")
        .mayNotBeAccessedByAnyLayer()
        .check(CLASSES);
  }

  @Test
  void packagesOfThisModuleFormNoCycle() {
    slices().matching("io.moesaic.deploy.(*)..").should().beFreeOfCycles().check(CLASSES);
  }
}
