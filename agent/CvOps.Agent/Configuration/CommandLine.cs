namespace CvOps.Agent.Configuration;

/// <summary>What the agent was asked to do on its command line.</summary>
internal enum Verb { Run, Check, Status, Help, Version, Wrong }

/// <param name="Problem">For <see cref="Verb.Wrong"/>: what is wrong, in a sentence.</param>
internal sealed record CommandLine(Verb Verb, string ConfigPath, string? Problem = null)
{
    public const string DefaultPath = "/etc/cvops/agent.yaml";

    public const string Help = $"""
        cvops-agent: inspects what cameras see with the model the fleet assigns.

          cvops-agent [--config FILE]         run (default {DefaultPath})
          cvops-agent check [--config FILE]   read the configuration, print OK or every mistake
          cvops-agent status [--config FILE]  which model and which settings are in force, from the state folder
          cvops-agent doctor [--config FILE]  look at broker, certificates, clock, disk, cameras and model, and say how to mend each; see doctor --help
          cvops-agent enroll --fleet URL ...  get a certificate from the fleet; see cvops-agent enroll --help
          cvops-agent import PACKAGE ...      take a model or a program from a file; see cvops-agent import --help
          cvops-agent run MODEL INPUT ...     inspect a video or pictures without a fleet; see run --help
          cvops-agent replay RECORD ...       go over a recorded decision again; see cvops-agent replay --help
          cvops-agent --version
          cvops-agent --help

        Exit codes: 0 stopped or OK, 1 the agent failed, 78 the configuration or command line is wrong.
        """;

    public static CommandLine Parse(IReadOnlyList<string> arguments)
    {
        var (verb, path) = (Verb.Run, DefaultPath);
        for (var i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--help" or "-h": return new CommandLine(Verb.Help, path);
                case "--version": return new CommandLine(Verb.Version, path);
                case "check" when i == 0: verb = Verb.Check; break;
                case "status" when i == 0: verb = Verb.Status; break;
                case "--config" when i + 1 < arguments.Count: path = arguments[++i]; break;
                case "--config": return new CommandLine(Verb.Wrong, path, "--config needs the path of a file.");
                default: return new CommandLine(Verb.Wrong, path, $"'{arguments[i]}' is not understood; see --help.");
            }
        }
        return new CommandLine(verb, path);
    }
}
