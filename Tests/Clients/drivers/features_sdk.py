"""What the generations of the MCP Python SDK have in common: answers to a server's questions, and what is asked in the same words.

Each generation says in `types` where its types are, and in `session` what its requests go through.
"""

from features import Adapter


class PythonSDK(Adapter):
    types = None

    def __init__(self, name: str):
        super().__init__(name)
        self.session = None

    # What the server asks and tells

    async def sample(self, context, params):
        self.asked.append("sampling")
        content = self.types.TextContent(type="text", text=f"model of {self.name}")
        return self.types.CreateMessageResult(role="assistant", content=content, model="m")

    async def roots(self, context):
        self.asked.append("roots")
        return self.types.ListRootsResult(roots=[self.types.Root(uri=f"file:///{self.name}")])

    async def elicit(self, context, params):
        mode = getattr(params, "mode", "form")
        self.asked.append(mode)
        if mode == "url":
            return self.types.ElicitResult(action="accept")
        content = {"name": self.name + "." + params.message.split()[0]}
        return self.types.ElicitResult(action="accept", content=content)

    async def log(self, params):
        self.logged.append(f"{params.level}: {params.data}")

    async def notice(self, message):
        message = getattr(message, "root", message)
        if isinstance(message, self.types.ResourceUpdatedNotification):
            self.told.append(f"updated {message.params.uri}")
        elif getattr(message, "method", "").endswith("/list_changed"):
            self.told.append(message.method.split("/")[1])

    # What the client asks

    async def tools(self):
        return [tool.name for tool in (await self.session.list_tools()).tools]

    async def text(self, tool, arguments=None, progress=None):
        async def step(done, total, message=None):
            progress(done)

        options = {"progress_callback": step} if progress else {}
        result = await self.session.call_tool(tool, arguments or {}, **options)
        assert not self.is_error(result), result
        return "".join(part.text for part in result.content)

    def is_error(self, result) -> bool:
        raise NotImplementedError

    async def resources(self):
        return [str(resource.uri) for resource in (await self.session.list_resources()).resources]

    async def read(self, uri):
        return (await self.session.read_resource(self.uri(uri))).contents[0].text

    async def prompts(self):
        return [prompt.name for prompt in (await self.session.list_prompts()).prompts]

    async def prompt(self, name, arguments):
        return (await self.session.get_prompt(name, arguments)).messages[0].content.text

    async def complete(self, prompt, argument, value):
        ref = self.types.PromptReference(type="ref/prompt", name=prompt)
        return (await self.session.complete(ref, {"name": argument, "value": value})).completion.values

    async def ping(self):
        await self.session.send_ping()

    async def set_level(self, level):
        await self.session.set_logging_level(level)

    async def subscribe(self, uri):
        await self.session.subscribe_resource(self.uri(uri))

    async def unsubscribe(self, uri):
        await self.session.unsubscribe_resource(self.uri(uri))

    def uri(self, text: str):
        """A URI as this generation wants it."""
        return text
