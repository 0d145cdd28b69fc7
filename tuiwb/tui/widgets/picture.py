"""The pane of pictures: cells, and over them images where the terminal shows any."""

from __future__ import annotations

from collections.abc import Sequence

from tuiwb.tui.graphics.easel import Image, Placed
from tuiwb.tui.widgets.chart import ChartPane


class PicturePane(ChartPane):
    """A chart's pane that also says which images should stand on the terminal, and where."""

    images: tuple[Image, ...] = ()

    def hang(self, images: tuple[Image, ...]) -> None:
        """Show these over the cells from now on."""
        if images != self.images:
            self.images = images
            self.refresh()

    def placed(self) -> Sequence[Placed]:
        """What of them is in view; nothing while another screen is in front."""
        if not self.images or not self.display or self.canvas is None:
            return ()
        region = self.content_region
        if region.size != (self.canvas.width, self.canvas.height):
            return ()  # the size is another meanwhile
        return [Placed(one, region.y + one.top, region.x + one.left) for one in self.images]
