using CvOps.Cli.Output;
using CvOps.Contracts.Api;
using Command = System.CommandLine.Command;

namespace CvOps.Cli.Commands;

/// <summary>The second factor of one's own account.</summary>
internal static class FactorCommands
{
    private const string Path = "who/factor";
    private const string Proof = "Password, or a code of the authenticator";

    /// <summary>Six digits, or a recovery code; no password is that short.</summary>
    private const int LongestCode = 11;

    public static Command All(FleetCommand on)
    {
        var factor = on.On(new Command("factor", "The second factor of your own account: whether signing in takes a code, and how to set it up."), async (_, fleet, screen, ct) =>
        {
            var view = await fleet.Get<FactorView>(Path, ct);
            screen.One(view, ("second factor", view.Active ? "on" : view.Waits ? "waits for its first code: 'cvops account factor set-up' begins anew" : "off: 'cvops account factor set-up' makes one"),
                ("recovery codes", view.Active ? $"{view.RecoveryCodes} left{(view.RecoveryCodes < 3 ? ": 'cvops account factor codes' makes new ones" : "")}" : null));
        });
        factor.Add(SetUp(on));
        factor.Add(Codes(on));
        factor.Add(Remove(on));
        return factor;
    }

    private static Command SetUp(FleetCommand on) => on.On(new Command("set-up", "Set up a second factor. Asks for your password, shows a secret for an authenticator and asks for its first code; then prints recovery codes, once."), async (_, fleet, screen, ct) =>
    {
        var setup = await fleet.Post<FactorProof, FactorSetup>(Path, new FactorProof(Password: Prompt.Secret("Your password")), ct);
        // What is asked of a person beside the answer goes to standard error, so that --json stays JSON.
        await Console.Error.WriteLineAsync($"{setup.Drawn}\n\nRead this with an authenticator, or type the secret: {setup.Secret}\n{setup.Address}\n");
        Show(screen, await fleet.Post<FactorCode, FactorCodes>($"{Path}/confirm", new FactorCode(Prompt.Secret("The code it shows")), ct), "Signing in takes a code from now on.");
    });

    private static Command Codes(FleetCommand on) => on.On(new Command("codes", "Make new recovery codes; those of before open nothing. Asks for your password or a code."), async (_, fleet, screen, ct) =>
        Show(screen, await fleet.Post<FactorProof, FactorCodes>($"{Path}/codes", Proven(), ct), "The recovery codes of before open nothing any more."));

    private static Command Remove(FleetCommand on) => on.On(new Command("remove", "Take your second factor away. Asks for your password or a code. An administrator's 'cvops account reset NAME' is for who has neither."), async (_, fleet, screen, ct) =>
    {
        await fleet.Post<FactorProof, FactorView>($"{Path}/remove", Proven(), ct);
        screen.Line("Signing in takes the password alone now.");
    });

    private static FactorProof Proven()
    {
        var said = Prompt.Secret(Proof);
        return said.Length <= LongestCode ? new FactorProof(Code: said) : new FactorProof(Password: said);
    }

    private static void Show(Screen screen, FactorCodes made, string says)
    {
        screen.Line($"{says} Recovery codes, shown this once; each opens once when the authenticator is lost:");
        screen.Page(made, made.Codes, "", ("code", code => code));
    }
}
