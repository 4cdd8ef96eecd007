package io.moesaic.wire;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  @Test
  void theContractKnowsNoNode() {
    noClasses()
        .that()
        .resideInAPackage("io.moesaic.wire..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.moesaic.router..", "io.moesaic.expert..", "io.moesaic.deploy..")
        .check(
            new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("io.moesaic.wire"));
  }
}
