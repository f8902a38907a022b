// app/build.gradle.kts: apply(from = "delegates.gradle.kts"). `check` then holds the models in assets to the project's file.
val auditModels = tasks.register<Exec>("auditModels") {
    group = "verification"
    description = "Which operators phones' accelerators take; fails where a model doesn't meet its target."
    val models = layout.projectDirectory.dir("src/main/assets")
    val report = layout.buildDirectory.file("reports/delegates.html")
    inputs.dir(models)
    outputs.file(report)
    doFirst { report.get().asFile.parentFile.mkdirs() }
    commandLine("delegate-analyzer", "audit", "src/main/assets", "--for", "android", "--fail-on", "broken", "-o", "build/reports/delegates.html")
}
tasks.named("check") { dependsOn(auditModels) }
