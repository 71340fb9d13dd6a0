using CvOps.Contracts.Api;
using CvOps.Fleet.Access.Oidc;

namespace CvOps.Fleet.Tests.Access.Oidc;

public sealed class OidcRuleTests
{
    [Fact]
    public void Groups_give_the_roles_of_the_map_and_nothing_else()
    {
        var map = new Dictionary<string, string> { ["line-4"] = "operator@ulm", ["office"] = "Viewer, approver" };
        Assert.Equal([new RoleGrant(Role.Operator, "ulm")], GroupRule.Of(["line-4", "line-4", "unknown"], map));
        Assert.Equal([new RoleGrant(Role.Viewer), new RoleGrant(Role.Approver)], GroupRule.Of(["office"], map));
        Assert.Empty(GroupRule.Of(["admin", "LINE-4"], map));
    }

    [Theory]
    [InlineData("")]
    [InlineData("boss")]
    [InlineData("4")]
    [InlineData("operator@")]
    [InlineData("operator@two words")]
    [InlineData("viewer,,@ulm")]
    public void What_is_no_list_of_roles_is_none(string text) => Assert.Null(GroupRule.Read(text));

    [Fact]
    public void Every_mistake_of_the_settings_is_named()
    {
        var mistakes = new OidcOptions { Authority = "http://provider.example", Roles = new Dictionary<string, string> { ["line-4"] = "boss" } }.Mistakes().ToArray();
        Assert.Equal(3, mistakes.Length);
        Assert.Contains("no https address", mistakes[0], StringComparison.Ordinal);
        Assert.Contains("ClientId is missing", mistakes[1], StringComparison.Ordinal);
        Assert.Contains("Roles:line-4 'boss'", mistakes[2], StringComparison.Ordinal);
        Assert.Contains("nobody could come in", Assert.Single(new OidcOptions { Authority = "https://provider.example", ClientId = "x" }.Mistakes()), StringComparison.Ordinal);
    }
}
