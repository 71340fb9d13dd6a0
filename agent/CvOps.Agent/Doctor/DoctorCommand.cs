using System.Text.Json;
using CvOps.Agent.Configuration;
using CvOps.Contracts;
using CvOps.Contracts.Doctor;

namespace CvOps.Agent.Doctor;

/// <summary><c>cvops-agent doctor</c>: looks at everything this device needs, and says how to mend what is broken.</summary>
internal static class DoctorCommand
{
    public const string Verb = "doctor";

    public const string Help = $"""
        cvops-agent doctor: looks at everything this device needs, and says how to mend what is broken.

          cvops-agent doctor [--config FILE] [--fleet URL] [--json]

          --config FILE  the agent's configuration (default {CommandLine.DefaultPath})
          --fleet URL    the fleet manager's address, to see whether it answers and what its clock says; without it the one that models came from
          --json         the findings as JSON

        It looks at, in this order: configuration, brokers (address, TLS, their certificate, sign-in, access list), this device's certificates, clock,
        disk, cameras (each is opened for a few seconds), model and execution provider (a real inference), fleet. Each line begins with ok, warn or
        fail. Beside an agent that runs it does not sign in, for one name has one connection. Run by root it acts as the owner of the state folder.

        Exit codes: 0 nothing fails, 1 something does, 78 the command line is wrong.
        """;

    private const int Broken = 1;
    private const int WrongInput = 78;

    /// <param name="arguments">Without the verb.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, TextWriter output, TextWriter problems)
    {
        var (path, json, fleet) = (CommandLine.DefaultPath, false, (Uri?)null);
        for (var i = 0; i < arguments.Count; i++)
        {
            switch (arguments[i])
            {
                case "--help" or "-h":
                    output.WriteLine(Help);
                    return 0;
                case "--json": json = true; break;
                case "--config" when i + 1 < arguments.Count: path = arguments[++i]; break;
                case "--fleet" when i + 1 < arguments.Count && Uri.TryCreate(arguments[i + 1], UriKind.Absolute, out fleet) && fleet.Scheme is "http" or "https": i++; break;
                default:
                    problems.WriteLine(arguments[i] switch
                    {
                        "--config" => "cvops-agent doctor: --config needs the path of a file.",
                        "--fleet" => "cvops-agent doctor: --fleet needs an address such as https://fleet.example.",
                        var other => $"cvops-agent doctor: '{other}' is not understood; see cvops-agent doctor --help.",
                    });
                    return WrongInput;
            }
        }
        var report = await Checkup.RunAsync(path, fleet, TimeProvider.System, CancellationToken.None);
        output.Write(json ? JsonSerializer.Serialize(report, ContractsJson.Default.DoctorReport) + "\n" : DoctorText.Of(report));
        return report.Healthy ? 0 : Broken;
    }
}
