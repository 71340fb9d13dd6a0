using CvOps.Agent;
using CvOps.Agent.Actuation;
using CvOps.Agent.Capture;
using CvOps.Agent.Clips;
using CvOps.Agent.Configuration;
using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Decisions;
using CvOps.Agent.Doctor;
using CvOps.Agent.Drift;
using CvOps.Agent.Drift.Compare;
using CvOps.Agent.Enrolment;
using CvOps.Agent.Health;
using CvOps.Agent.Inference;
using CvOps.Agent.Integrations;
using CvOps.Agent.Link;
using CvOps.Agent.Offline;
using CvOps.Agent.Preview;
using CvOps.Agent.Programs;
using CvOps.Agent.Reports;
using CvOps.Agent.Sampling;
using CvOps.Agent.Spool;
using CvOps.Agent.Telemetry;
using CvOps.Agent.Tracking;
using CvOps.Agent.Update;
using CvOps.Agent.Update.Import;
using CvOps.Agent.Zones;
using CvOps.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

const int Failure = 1;
const int WrongConfiguration = 78;      // EX_CONFIG of sysexits.h; the unit does not restart on it

if (args is ["run", .. var offline]) return await OfflineCommand.RunAsync(offline);
if (args is [CompareCommand.Verb, .. var compare]) return await CompareCommand.RunAsync(compare, Console.Out, Console.Error);
if (args is ["replay", .. var replay]) return ReplayCommand.Run(replay, Console.Out, Console.Error);

FileCreation.ForThisUserAlone();
if (args is ["import", .. var import]) return await ImportCommand.RunAsync(import, Console.Out, Console.Error);
if (args is [DoctorCommand.Verb, .. var doctor]) return await DoctorCommand.RunAsync(doctor, Console.Out, Console.Error);
if (args is ["enroll", .. var enroll]) return await EnrollCommand.RunAsync(enroll, Console.Out, Console.Error);

NativeHeap.KeepSmall();
var command = CommandLine.Parse(args);
switch (command.Verb)
{
    case Verb.Help:
        Console.WriteLine(CommandLine.Help);
        return 0;
    case Verb.Version:
        Console.WriteLine(AgentVersion.Text);
        return 0;
    case Verb.Wrong:
        Console.Error.WriteLine(command.Problem);
        return WrongConfiguration;
}

// The installed program becomes the one that is meant: from a slot, where there is one.
var launch = command.Verb == Verb.Run ? Launcher.Run(args, command.ConfigPath, Console.Error) : ProgramLaunch.OfThisProcess();
var restart = new ProgramRestart();
try
{
    var file = ConfigurationFile.Text(command.ConfigPath);
    var own = ConfigurationFile.Parse(file);
    if (command.Verb == Verb.Check)
    {
        Console.WriteLine("OK");
        return 0;
    }
    if (command.Verb == Verb.Status)
    {
        StatusCommand.Run(own, command.ConfigPath, Console.Out);
        return 0;
    }
    // What the fleet has set and this device has proven holds over the file.
    var journal = ConfigurationJournal.Open(ConfigurationJournal.PathIn(own.Data));
    var start = EffectiveOptions.Start(file, journal.Current.Active);
    var options = start.Options;

    var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "cvops-agent" });
    builder.Logging.AddSimpleConsole(console => console.SingleLine = true);
    // A start that fails ends below in sentences; a loop that dies is Critical and keeps its stack.
    builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
    builder.Services.AddServiceManager();
    builder.Services.AddSingleton(options).AddSingleton(TimeProvider.System).AddSingleton(Random.Shared);
    builder.Services.AddSingleton(new Topics(options.Site, options.Device));

    builder.AddTelemetry(options);      // metrics, traces and the log to a collector, where one is named

    // A frame's way: what it meets, in order. Hosted services start in this order and stop in the reverse one.
    builder.Services
        .AddSpool(options)          // on disk before anyone believes it exists
        .AddUpdate(options)         // the committed model is in charge before a camera starts
        .AddInference(options.Inference) // preprocess, infer, decode, ask the shadow
        .AddActuation(options)      // ejector, stack light, fail-safe output
        .AddDecisions(options)      // what rejects a part, kept to be gone over again
        .AddTracking(options)       // detections get the name of their object
        .AddZones(options)          // who is where, who crossed which line
        .AddReports()               // every inspection, and the device's health
        .AddSampling(options)       // worth a label? can the budget pay?
        .AddPreview()               // somebody looks at a camera for a while
        .AddDrift(options)          // windows of statistics a camera and model
        .AddClips(options)          // the video around a reject
        .AddCapture(options, command.ConfigPath)    // ffmpeg a camera
        .AddConfiguration(start, journal, command.ConfigPath)   // what the fleet sets over the file
        .AddEnrolment(options)      // the certificate is renewed in time
        .AddLink(options)           // spool to broker; desired twin and commands back
        .AddPrograms(options, launch, restart, command.ConfigPath)  // the agent's own program, changed as a model is
        .AddIntegrations(options)   // Sparkplug, Home Assistant
        .AddHealth(options);        // watchdog, status page, metrics

    var code = await HostRun.ToTheEndAsync(builder.Build());
    return restart.Requested && code == 0 ? Launcher.Again(launch, args, Console.Error) : code;
}
catch (ConfigurationException e)
{
    foreach (var mistake in e.Mistakes) Console.Error.WriteLine($"{command.ConfigPath}: {mistake}");
    // systemd starts nothing again that ends with 78; a program on trial must be, to give way to the one before.
    return Launcher.LastWords(launch, command.ConfigPath, string.Join("; ", e.Mistakes)) ? Failure : WrongConfiguration;
}
catch (Exception e)
{
    Launcher.LastWords(launch, command.ConfigPath, e.Message);
    throw;
}
