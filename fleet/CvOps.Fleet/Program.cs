using CvOps.Fleet;
using CvOps.Fleet.Access.Sessions;

const int ConfigurationMistake = 78;

if (BackupCommand.IsMeant(args)) return await BackupCommand.RunAsync(args, Environment.CurrentDirectory, Console.Out, Console.Error);

if (args.Contains("--help"))
{
    Console.WriteLine(CommandLine.Help);
    return 0;
}

if (PortableCommand.IsMeant(args)) return await PortableCommand.RunAsync(args, Environment.CurrentDirectory, Console.Out, Console.Error, CancellationToken.None);

if (HealthCommand.IsMeant(args)) return await HealthCommand.RunAsync(args, Environment.CurrentDirectory, Console.Out, Console.Error);

var (options, mistakes) = CommandLine.Read(args, Environment.CurrentDirectory);
if (mistakes.Count > 0)
{
    Console.Error.WriteLine($"cvops-fleet cannot start, {mistakes.Count} {(mistakes.Count == 1 ? "mistake" : "mistakes")} in its settings:");
    foreach (var mistake in mistakes) Console.Error.WriteLine($"  - {mistake}");
    return ConfigurationMistake;
}

await using var app = FleetApp.Compose(options);
if (StartCheck.Problem(app, options) is { } problem)
{
    Console.Error.WriteLine($"cvops-fleet cannot start. {problem}");
    return ConfigurationMistake;
}
await FleetApp.Map(app).StartAsync();
Console.WriteLine($"cvops-fleet listens on {app.Urls.First()}");
if (await app.Services.GetRequiredService<FirstStart>().LinkAsync(CancellationToken.None) is { } first)
    Console.WriteLine($"cvops-fleet has no administrator yet: open {options.PublicUrl?.TrimEnd('/') ?? app.Urls.First()}{first.Path} until {first.Until:u}, once.");

var loops = app.Services.GetServices<IHostedService>().OfType<BackgroundService>().ToArray();
await app.WaitForShutdownAsync();
return loops.Any(loop => loop.ExecuteTask is { IsFaulted: true }) ? 1 : 0;
